"""The papers' networks by name, one file a paper, and two of our own that learn fastest on two cores.

Each builder takes the side of the image in pixels and a width multiplier (1 = the paper's numbers of filters).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

import keras

from train.models.espinal import vgg6, vgg6_sex
from train.models.inception27 import inception27_sex
from train.models.inception_v4 import inception_v4, inception_v4_sex
from train.models.mirzazadeh import inception_v4_gelu, resnet50_gelu
from train.models.monti import inception_v3_sex, resnet50_patches_sex, xception_attention_sex, xception_sex
from train.models.souza import residual
from train.models.vgg11 import vgg11, vgg11_sex
from train.models.zerari import vgg_elu

Builder = Callable[[int, float], keras.Model]

ARCHITECTURES: Final[dict[str, Builder]] = {
    "vgg6": vgg6,
    "vgg6_sex": vgg6_sex,
    "vgg11": vgg11,
    "vgg11_sex": vgg11_sex,
    "inception_v4": inception_v4,
    "inception_v4_sex": inception_v4_sex,
    "resnet50_gelu": resnet50_gelu,
    "inception_v4_gelu": inception_v4_gelu,
    "inception_v3_sex": inception_v3_sex,
    "xception_sex": xception_sex,
    "xception_attention_sex": xception_attention_sex,
    "resnet50_patches_sex": resnet50_patches_sex,
    **{f"residual_{letter.lower()}": partial(residual, experiment=letter) for letter in "ABCDEFGH"},
    "vgg_elu": vgg_elu,
    "inception27_sex": inception27_sex,
}
"""What a recipe may name as its ``architecture``; those with two inputs take the sex beside the image."""
