"""Beats of an ECG and what is measured on them: an `EcgRecord` becomes `Beats`, and those measurements."""
