"""One small function per ONNX operator that makes its torch counterpart; `registry.py` finds them by name."""
