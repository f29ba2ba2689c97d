"""From torch to ONNX with the z-score inside, and the proof that both compute the same."""
