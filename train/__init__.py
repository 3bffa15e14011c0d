"""The workshop: data, phantoms, models and recipes that make the networks. Never imported by the node."""

from train import processor

processor.prepare()
