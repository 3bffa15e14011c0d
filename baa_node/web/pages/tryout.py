"""Try-out readings of an uploaded file: for getting to know the node, never for a patient's record."""

from __future__ import annotations

from datetime import date
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from baa_node.core.assessment import Assessment
from baa_node.core.radiograph import Sex
from baa_node.core.words.sentences import sentences
from baa_node.web import pictures
from baa_node.web.description import form
from baa_node.web.parts import Console
from baa_node.web.render import language_of, render
from baa_node.web.session import Posted, SignedIn, UploadForm, Visitor, console_of
from baa_node.web.trial import Trial, Unusable, read_upload
from baa_node.web.words.upload import UPLOAD

router = APIRouter(prefix="/try-out")


@router.get("")
def tryout_page(request: Request, visitor: SignedIn) -> Response:
    """Form for a file."""
    return _form(request, visitor)


@router.post("", openapi_extra=form("sex", "birth_date", files=["file"]))
def read(request: Request, form: UploadForm) -> Response:
    """Read the file and show the answer; when the page is left, both are gone."""
    console = console_of(request)
    try:
        trial = _read(console, form)
    except Unusable as error:
        return _form(request, form.visitor, error.say(UPLOAD[language_of(request)]))
    said: dict[str, Any] = {"visitor": form.visitor, "words": sentences(trial.result, language_of(request))}
    if not isinstance(trial.result, Assessment):
        return render(request, "trial.html", **said, result=None, refusal=trial.result, images=_plain(trial), reference=None)
    sex = trial.result.sex
    reference = pictures.reference_hand(trial.result.estimate.bone_age_months, sex) if sex else None
    return render(
        request,
        "trial.html",
        **said,
        result=trial.result,
        refusal=None,
        images=_plain(trial) | _coloured(trial, trial.result),
        reference=reference,
    )


def _read(console: Console, form: Posted) -> Trial:
    if form.file is None or not form.file[1]:
        raise Unusable(lambda told: told.no_file)
    born = form.fields.get("birth_date", "")
    try:
        birth_date = date.fromisoformat(born) if born else None
    except ValueError:
        raise Unusable(lambda told: told.no_date) from None
    sex = form.fields.get("sex", "")
    return read_upload(
        form.file[1],
        console.ensemble(),
        console.policy,
        sex=Sex(sex) if sex in {"F", "M"} else None,
        birth_date=birth_date,
        today=console.now().astimezone().date(),
    )


def _plain(trial: Trial) -> dict[str, str]:
    return {} if trial.pixels is None else {"plain": pictures.data_url(pictures.shown(trial.pixels))}


def _coloured(trial: Trial, result: Assessment) -> dict[str, str]:
    if trial.pixels is None:
        return {}
    return {
        "coloured": pictures.data_url(pictures.coloured(trial.pixels, result.estimate)),
        "scale": pictures.data_url(pictures.scale()),
    }


def _form(request: Request, visitor: Visitor, trouble: str = "") -> Response:
    limit = console_of(request).settings.max_upload_mb
    return render(request, "tryout.html", visitor=visitor, status=400 if trouble else 200, trouble=trouble, limit=limit)
