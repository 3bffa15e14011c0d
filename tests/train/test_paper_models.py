from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="needs the train extra (Keras and TensorFlow)")

from train.models.inception_v4 import inception_v4, inception_v4_sex  # noqa: E402
from train.models.mirzazadeh import gelu, inception_v4_gelu, resnet50_gelu  # noqa: E402
from train.models.monti import Patches, grid, inception_v3_sex, resnet50_patches_sex, xception_attention_sex, xception_sex  # noqa: E402
from train.models.parts import FEATURE_MAP, JOIN, channels  # noqa: E402
from train.models.souza import EXPERIMENTS, residual  # noqa: E402
from train.models.zerari import unet, vgg_elu  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning")  # Keras

Build = Callable[..., Any]

NARROW = 0.05
SMALL: dict[str, tuple[Build, int]] = {
    "inception_v4": (inception_v4, 75),
    "inception_v4_sex": (inception_v4_sex, 75),
    "resnet50_gelu": (resnet50_gelu, 64),
    "inception_v4_gelu": (inception_v4_gelu, 75),
    "inception_v3_sex": (inception_v3_sex, 75),
    "xception_sex": (xception_sex, 71),
    "xception_attention_sex": (xception_attention_sex, 71),
    "resnet50_patches_sex": (partial(resnet50_patches_sex, patches=3, patch=32), 48),
    "vgg_elu": (vgg_elu, 128),
    **{f"residual_{name.lower()}": (partial(residual, experiment=name), 32) for name in EXPERIMENTS},
}
"""Each network with the smallest size it takes."""

BIG = [name for name in SMALL if name.startswith(("inception", "resnet50", "xception"))]
WITH_SEX = sorted(name for name in SMALL if name.endswith("_sex") or name.startswith("residual"))


@cache
def small(name: str) -> Any:
    keras.utils.set_random_seed(1)
    build, size = SMALL[name]
    return build(size, NARROW)


def noise(model: Any, number: int = 2) -> Any:
    return np.random.default_rng(1).uniform(0, 255, (number, *model.inputs[0].shape[1:])).astype(np.float32)


def answer(model: Any, image: Any, male: float) -> Any:
    inputs = [image, np.full((len(image), 1), male, np.float32)] if len(model.inputs) == 2 else image
    return keras.ops.convert_to_numpy(model(inputs, training=False))


@cache
def months_of_noise(name: str, male: float) -> Any:
    return answer(small(name), noise(small(name)), male)


def trainable(model: Any) -> int:
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)


def conv_weights(model: Any) -> int:
    return sum(layer.count_params() for layer in model.layers if "Dense" not in type(layer).__name__)


@pytest.mark.parametrize(
    ("build", "learnt", "total"),
    [
        pytest.param(inception_v4, 41_175_361, 41_238_529, id="paper 1, Inception-V4"),
        pytest.param(inception_v4_sex, 41_347_925, 41_411_093, id="paper 1, Inception-V4 + sex"),
        pytest.param(partial(inception_v3_sex, frozen=True), 3_083_065, 24_885_849, id="paper 3, InceptionV3 + sex"),
        pytest.param(partial(xception_sex, frozen=True), 20_885, 20_882_365, id="paper 3, Xception + sex"),
        pytest.param(partial(resnet50_patches_sex, frozen=True), 28_715, 23_616_427, id="paper 3, ResNet-50 on patches + sex"),
    ],
)
def test_the_parameters_are_the_papers(build: Build, learnt: int, total: int) -> None:
    model = build()
    assert trainable(model) == learnt
    assert model.count_params() == total


def test_resnet50_with_gelu_has_the_convolutions_of_resnet50_and_the_papers_dense_layers() -> None:
    model = resnet50_gelu()
    assert conv_weights(model) == 23_587_712
    assert [model.get_layer(f"dense_{number}").units for number in (1, 2, 3, 4)] == [256, 128, 64, 32]
    assert model.get_layer(FEATURE_MAP).output.shape == (None, 8, 8, 2048)
    assert model.get_layer("flat").output.shape == (None, 4 * 4 * 2048)


def test_inception_v4_with_gelu_differs_from_paper_1_by_two_input_channels() -> None:
    assert small("inception_v4_gelu").count_params() == small("inception_v4").count_params() + 2 * 3 * 3 * channels(32, NARROW)


def test_the_attention_has_one_weight_a_place_and_head_and_joins_the_heads() -> None:
    model, deep = small("xception_attention_sex"), channels(2048, NARROW)
    assert model.get_layer("attention").count_params() == 8 * (3 * 3 * deep + 1)
    assert model.get_layer(FEATURE_MAP).output.shape == (None, 3, 3, 8 * deep)
    assert model.get_layer(JOIN).output.shape == (None, 8 * deep + 32)


@pytest.mark.parametrize(("experiment", "count"), [(name, 9 if name < "E" else 35) for name in "ABCDEFGH"])
def test_the_residual_networks_have_the_convolutions_of_table_1(experiment: str, count: int) -> None:
    convolutions = [layer for layer in small(f"residual_{experiment.lower()}").layers if isinstance(layer, keras.layers.Conv2D)]
    assert len(convolutions) == count
    assert {layer.kernel_size for layer in convolutions} == {(3, 3) if experiment in "AE" else (5, 5)}


def test_the_residual_networks_narrow_from_256_px_to_one_place_in_32() -> None:
    model = residual(256)
    filters = [layer.filters for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    assert filters == [number for number in (16, 32, 64, 128, 256) for _ in range(7)]
    assert model.get_layer("flat").output.shape == (None, 8 * 8 * 256)
    assert model.get_layer(JOIN).output.shape == (None, 8 * 8 * 256 + 2)


def test_each_experiment_has_its_own_normalisation_dropout_and_penalty() -> None:
    kinds = {name: [type(layer).__name__ for layer in small(f"residual_{name.lower()}").layers] for name in "ABCDEFGH"}
    assert {name: kinds[name].count("BatchNormalization") for name in kinds} == dict.fromkeys("ABDEFGH", 0) | {"C": 9}
    instance = {"A": 0, "B": 0, "C": 0, "D": 9, "E": 35, "F": 35, "G": 35, "H": 35}
    assert {name: kinds[name].count("InstanceNormalization") for name in kinds} == instance
    assert {name for name in kinds if "Dropout" in kinds[name]} == {"G", "H"}
    assert {name for name in kinds if small(f"residual_{name.lower()}").losses} == {"H"}


def test_the_penalty_grows_with_depth_to_the_tables_value() -> None:
    penalties = [layer.kernel_regularizer.l2 for layer in small("residual_h").layers if isinstance(layer, keras.layers.Conv2D)]
    assert penalties == pytest.approx([2e-5 * block for block in range(1, 6) for _ in range(7)])


def test_each_image_is_standardised_by_itself() -> None:
    model = small("residual_a")
    standardised = keras.Model(model.inputs[0], model.get_layer("standardised").output)
    pair = np.concatenate([noise(model, 1), 0.1 * noise(model, 1) + 100])
    found = keras.ops.convert_to_numpy(standardised(pair))
    assert found.mean(axis=(1, 2, 3)) == pytest.approx(0, abs=1e-4)
    assert found.std(axis=(1, 2, 3)) == pytest.approx(1, abs=1e-2)


def test_the_elu_network_follows_the_thesis_block_by_block() -> None:
    model = vgg_elu()
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    assert [(layer.filters, layer.kernel_size[0]) for layer in convolutions] == [
        *[(filters, kernel) for filters in (32, 64, 128, 128, 256, 384) for kernel in (3, 1)],
        (64, 3),
    ]
    assert {layer.activation.__name__ for layer in convolutions} == {"elu"}
    assert [type(layer).__name__ for layer in model.layers].count("BatchNormalization") == 7
    assert model.get_layer("pool_7").output.shape == (None, 2, 2, 64)


def test_the_u_net_is_ronnebergers_with_padding() -> None:
    model = unet(64)
    path = (1, 64, 128, 256, 512, 1024)
    down = sum(9 * (before + filters) * filters + 2 * filters for before, filters in pairwise(path))
    up = sum(4 * 2 * filters * filters + filters + 9 * 3 * filters * filters + 2 * filters for filters in path[1:-1])
    assert model.count_params() == down + up + 65
    assert model.output.shape == (None, 64, 64, 1)


def test_the_u_net_gives_a_probability_for_each_pixel() -> None:
    model = unet(32, NARROW)
    mask = keras.ops.convert_to_numpy(model(noise(model)))
    assert mask.shape == (2, 32, 32, 1)
    assert mask.min() > 0
    assert mask.max() < 1
    assert np.ptp(mask) > 0


def test_the_u_net_refuses_a_size_that_it_cannot_halve_four_times() -> None:
    with pytest.raises(ValueError, match="multiple of 16, not 250"):
        unet(250)


@pytest.mark.parametrize("name", SMALL)
def test_grey_values_become_one_finite_number_of_months(name: str) -> None:
    months = months_of_noise(name, 1)
    assert months.shape == (2, 1)
    assert np.isfinite(months).all()
    assert months[0] != months[1]


@pytest.mark.parametrize("name", SMALL)
def test_every_network_has_the_names_that_training_and_export_rely_on(name: str) -> None:
    model = small(name)
    assert [tensor.name for tensor in model.inputs] == (["image", "sex"] if name in WITH_SEX else ["image"])
    assert len(model.get_layer(FEATURE_MAP).output.shape) == 4
    assert model.get_layer("age").activation.__name__ == "linear"


@pytest.mark.parametrize("name", WITH_SEX)
def test_sex_matters_where_it_is_used(name: str) -> None:
    assert np.abs(months_of_noise(name, 0) - months_of_noise(name, 1)).min() > 1e-6


@pytest.mark.parametrize("name", ["inception_v3_sex", "xception_sex", "xception_attention_sex", "resnet50_patches_sex"])
def test_paper_3_counts_the_sexes_the_other_way_round(name: str) -> None:
    model = small(name)
    turned = keras.Model(model.inputs[1], model.get_layer("female").output)
    assert keras.ops.convert_to_numpy(turned(np.array([[0.0], [1.0]], np.float32))).tolist() == [[1.0], [0.0]]


@pytest.mark.parametrize(
    ("name", "low", "high"), [("vgg_elu", 0, 1), ("inception_v4", 0, 1), ("resnet50_gelu", 0, 1), ("xception_sex", -1, 1)]
)
def test_pixels_are_scaled_inside(name: str, low: float, high: float) -> None:
    model = small(name)
    scaling = next(layer for layer in model.layers if isinstance(layer, keras.layers.Rescaling) and layer.name != "female")
    scaled = keras.Model(model.inputs[0], scaling.output)
    pixels = np.zeros((1, *model.inputs[0].shape[1:]), np.float32)
    pixels[0, 0, 0] = 255
    found = keras.ops.convert_to_numpy(scaled(pixels))
    assert (found.min(), found.max()) == pytest.approx((low, high), abs=1e-6)


@pytest.mark.parametrize("name", ["vgg_elu", "residual_a"])
def test_half_the_width_has_about_a_quarter_of_the_convolutions_weights(name: str) -> None:
    build, size = SMALL[name]
    full, half = build(size), build(size, 0.5)
    assert 0.2 < conv_weights(half) / conv_weights(full) < 0.35


@pytest.mark.parametrize("name", BIG)
def test_a_twentieth_of_the_width_has_about_a_400th_of_the_convolutions_weights(name: str) -> None:
    # each body has 20 to 41 million at full width; filters never fall below 8, which leaves more than the square of the width
    assert conv_weights(small(name)) < 20_000_000 / 100


@pytest.mark.parametrize(
    ("filters", "width", "expected"), [(14, 1, 14), (64, 0.5, 32), (96, 0.3, 32), (64, 0.01, 8), (32, 0.375, 16), (32, 1.5, 48)]
)
def test_a_width_gives_multiples_of_sixteen_or_eight(filters: int, width: float, expected: int) -> None:
    assert channels(filters, width) == expected


def test_a_width_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="above 0"):
        channels(64, 0)


def test_gelu_is_exact() -> None:
    x = np.linspace(-5, 5, 101, dtype=np.float32)
    assert keras.ops.convert_to_numpy(gelu(x)) == pytest.approx(keras.ops.convert_to_numpy(keras.ops.gelu(x, approximate=False)), abs=1e-6)


@pytest.mark.parametrize(("patches", "rows", "columns"), [(1, 1, 1), (3, 3, 1), (9, 3, 3), (36, 6, 6), (150, 15, 10)])
def test_the_grid_spreads_the_papers_patches_over_the_image(patches: int, rows: int, columns: int) -> None:
    corners = grid(patches, 32, 500)
    assert len(set(corners)) == patches
    assert len({row for row, _ in corners}) == rows
    assert len({column for _, column in corners}) == columns
    assert max(row for row, _ in corners) == (468 if rows > 1 else 234)


def test_patches_are_cut_from_the_grid_when_reading_and_anywhere_when_training() -> None:
    size, side = 20, 8
    cut = Patches(3, side)
    images = np.arange(2 * size * size, dtype=np.float32).reshape(2, size, size, 1)
    whole = {piece.tobytes(): number for number in (0, 1) for piece in windows(images[number, :, :, 0], side)}

    still = keras.ops.convert_to_numpy(cut(images))
    expected = [images[number, row : row + side, column : column + side] for number in (0, 1) for row, column in grid(3, side, size)]
    assert np.array_equal(still, np.stack(expected))

    drawn = [keras.ops.convert_to_numpy(cut(images, training=True)) for _ in range(2)]
    assert [whole[piece.tobytes()] for piece in drawn[0]] == [0, 0, 0, 1, 1, 1]
    assert not np.array_equal(drawn[0], drawn[1])


def windows(image: Any, side: int) -> Any:
    return [
        np.ascontiguousarray(image[row : row + side, column : column + side])
        for row in range(len(image) - side + 1)
        for column in range(len(image) - side + 1)
    ]


def test_a_patch_larger_than_the_image_is_refused() -> None:
    with pytest.raises(ValueError, match="224 px does not fit into an image of 128 px"):
        Patches(3, 224)(np.zeros((1, 128, 128, 1), np.float32))


def test_the_answer_of_a_patch_network_is_the_mean_over_its_patches() -> None:
    model = small("resnet50_patches_sex")
    each = keras.Model(model.inputs, model.get_layer("age").output)
    alone = answer(each, noise(model), 1)
    assert alone.shape == (2, 3, 1)
    assert months_of_noise("resnet50_patches_sex", 1) == pytest.approx(alone.mean(axis=1), rel=1e-5)


def test_given_weights_are_loaded_into_the_body_and_frozen(tmp_path: Path) -> None:
    source = body_of(small("xception_sex"))
    source.save_weights(tmp_path / "body.weights.h5")

    model = xception_sex(71, NARROW, weights=tmp_path / "body.weights.h5")

    body = body_of(model)
    assert all(np.array_equal(mine, given) for mine, given in zip(body.get_weights(), source.get_weights(), strict=True))
    assert not body.trainable_weights
    assert len(model.trainable_weights) == 6
    assert source.trainable_weights


def body_of(model: Any) -> Any:
    return next(layer for layer in model.layers if isinstance(layer, keras.Model))


@pytest.mark.parametrize("name", ["vgg_elu", "residual_a"])
def test_steps_of_training_lower_the_loss(name: str) -> None:
    keras.utils.set_random_seed(2)
    build, size = SMALL[name]
    model = build(size, NARROW)
    image, months = noise(model, 4), np.linspace(-1, 1, 4, dtype=np.float32)[:, np.newaxis]
    inputs = [image, (months > 0).astype(np.float32)] if name in WITH_SEX else image
    model.compile(optimizer=keras.optimizers.Adam(3e-3), loss="mse", run_eagerly=True)
    losses = [float(model.train_on_batch(inputs, months)) for _ in range(8)]
    assert np.mean(losses[-3:]) < 0.6 * losses[0]
