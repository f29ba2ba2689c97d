"""Any ONNX classifier in: checked, repaired, understood, and turned into a torch module that learns on."""
