from __future__ import annotations

import numpy as np

from train.augment import Augmentation, augment

IMAGES = np.random.default_rng(0).integers(40, 200, (6, 32, 32, 1), np.uint8)


def test_no_limits_change_nothing() -> None:
    np.testing.assert_array_equal(augment(IMAGES, Augmentation(), np.random.default_rng(1)), IMAGES)


def test_flip_alone_mirrors_some_and_leaves_the_others() -> None:
    changed = augment(IMAGES, Augmentation(flip=True), np.random.default_rng(1))
    mirrored = [np.array_equal(new, old[:, ::-1]) for new, old in zip(changed, IMAGES, strict=True)]
    kept = [np.array_equal(new, old) for new, old in zip(changed, IMAGES, strict=True)]
    assert any(mirrored)
    assert any(kept)
    assert all(a != b for a, b in zip(mirrored, kept, strict=True))


def test_the_same_seed_gives_the_same_images_and_leaves_the_originals() -> None:
    limits = Augmentation(zoom=0.2, rotate_deg=15, shift=0.1, flip=True, contrast=0.2, brightness=0.1, gamma=0.2)
    before = IMAGES.copy()
    one, two = (augment(IMAGES, limits, np.random.default_rng(1)) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(IMAGES, before)
    assert not np.array_equal(one, IMAGES)


def test_brightness_stays_within_its_limit() -> None:
    changed = augment(IMAGES, Augmentation(brightness=0.1), np.random.default_rng(1)).astype(int) - IMAGES
    assert 0 < np.abs(changed).max() <= 26
