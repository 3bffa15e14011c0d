"""What the node finds out about itself, as ``baa-node doctor`` says it."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from baa_node.web.render import render
from baa_node.web.session import AdminForm, SignedIn, console_of

router = APIRouter(prefix="/doctor")


@router.get("")
def doctor_page(request: Request, visitor: SignedIn) -> Response:
    """Offer the examination, which calls every destination."""
    return render(request, "doctor.html", visitor=visitor, findings=None)


@router.post("")
def run(request: Request, form: AdminForm) -> Response:
    """Run every check and show what it found."""
    return render(request, "doctor.html", visitor=form.visitor, findings=console_of(request).examine())
