"""Bundles by their names, their networks, and the calibration that a site made for them."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path

from baa_node.config import Config
from baa_node.core.calibration import CalibrationError, SiteCalibration, check_fits, read_calibration
from baa_node.core.ensemble import BundleIdentity, Ensemble
from baa_node.errors import BaaError, BundleError, ConfigError
from baa_node.manifest import default_bundle, list_bundles, verify_bundle


def load_ensemble(config: Config, name: str = "") -> Ensemble:
    """Load the bundle with a name; without one the configured bundle, or the one of the package.

    Raises
    ------
    BundleError
        It is not installed, incomplete, or was changed.
    """
    from baa_node.bundle import load_bundle  # here: ONNX Runtime is for those who read

    return load_bundle(bundle_named(config, name), providers=config.inference.providers, threads=config.inference.threads)


class Ensembles:
    """The networks of every bundle that is asked for, each loaded once, when somebody first needs them; for many threads."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._loaded: dict[Path, Ensemble] = {}
        self._loading = threading.Lock()

    def begin(self) -> None:
        """Load the configured ones in a thread of their own; whoever calls for them meanwhile waits, and is told what is wrong."""
        import baa_node.bundle  # noqa: F401 - in this thread: two that import at the same time may find modules half made

        def load() -> None:
            with contextlib.suppress(BaaError):
                self()

        threading.Thread(target=load, name="networks", daemon=True).start()

    def identity(self, name: str = "") -> BundleIdentity:
        """Say which bundle it is; one whose networks are loaded was checked then, and its files are not read again.

        Raises
        ------
        BundleError
            As `bundle_of`.
        """
        with self._loading:
            loaded = self._loaded.get(bundle_named(self._config, name))
        return loaded.identity if loaded else bundle_of(self._config, name)

    def digest(self, name: str = "") -> str:
        """SHA-256 of a bundle; empty for one that a route names and that is no longer installed: nothing is read again for its sake.

        Raises
        ------
        BundleError
            As `bundle_of`, of the configured one alone.
        """
        try:
            return self.identity(name).sha256
        except BundleError:
            if not name:
                raise
            return ""

    def __call__(self, name: str = "") -> Ensemble:
        """Give those of a bundle; an empty name is the configured one.

        Raises
        ------
        BundleError
            As `load_ensemble`.
        """
        folder = bundle_named(self._config, name)
        with self._loading:
            if folder not in self._loaded:
                self._loaded[folder] = load_ensemble(self._config, name)
            return self._loaded[folder]


def installed_bundles(config: Config) -> dict[str, Path]:
    """Folders, by their names, of the bundles that a route may name: those of the package, and the configured one with those beside it."""
    return {folder.name: folder for folder in (*list_bundles(), *list_bundles(bundle_folder(config).parent))}


def bundle_named(config: Config, name: str) -> Path:
    """Folder of an installed bundle; an empty name is the configured one.

    Raises
    ------
    BundleError
        None of that name is installed.
    """
    if not name:
        return bundle_folder(config)
    installed = installed_bundles(config)
    if name not in installed:
        raise BundleError(f"no bundle called {name} is installed (there are: {', '.join(sorted(installed))})")
    return installed[name]


def none_named(name: str) -> Ensemble:
    """Stand in for `Ensembles` where no route may name a bundle."""
    raise BundleError(f"no bundle called {name} is installed")


def bundle_of(config: Config, name: str = "") -> BundleIdentity:
    """Identity of the bundle that `load_ensemble` loads, without starting a network."""
    return verify_bundle(bundle_named(config, name))


def bundle_folder(config: Config) -> Path:
    """Folder of the bundle that reads."""
    return Path(config.inference.bundle) if config.inference.bundle else default_bundle()


def calibration_of(config: Config) -> SiteCalibration | None:
    """Calibration of the site that is in force; None where none is.

    Raises
    ------
    ConfigError
        The file cannot be read, was changed after it was sealed, or was made for another bundle than the configured one.
    """
    if not config.calibration.file:
        return None
    path = Path(config.calibration.file)
    try:
        calibration = read_calibration(path.read_text(encoding="utf-8"))
        check_fits(calibration, bundle_of(config))
    except OSError as error:
        raise ConfigError(f"[calibration] file {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"[calibration] file {path} cannot be used: it is no text") from error
    except CalibrationError as error:
        raise ConfigError(f"[calibration] file {path} cannot be used: {error}") from error
    return calibration
