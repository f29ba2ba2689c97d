"""Einthoven: a workbench for 12-lead ECGs."""
