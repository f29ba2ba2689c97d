"""Diagnostic statements, their names, and their codes in other systems."""
