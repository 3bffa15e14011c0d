"""Network architectures, one file a paper, in ``keras.layers`` and ``keras.ops`` only so that every backend runs them."""
