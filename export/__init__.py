"""From trained Keras models to a model bundle: ONNX graph with its heat map inside, parity check, packing."""

from train import processor

processor.prepare()
