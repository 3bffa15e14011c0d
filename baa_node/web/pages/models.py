"""The bundle that reads: its members, how far it is off, its card, and what the site corrects."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from baa_node.manifest import describe_bundle
from baa_node.web.card import read_card
from baa_node.web.render import render
from baa_node.web.session import SignedIn, console_of

router = APIRouter(prefix="/models")


@router.get("")
def models_page(request: Request, visitor: SignedIn) -> Response:
    """Show the bundle in use."""
    console = console_of(request)
    about = describe_bundle(console.bundle)
    card, calibration = read_card(about.card), console.policy.calibration
    return render(
        request, "models.html", visitor=visitor, about=about, card=card, provider=console.health.provider, calibration=calibration
    )
