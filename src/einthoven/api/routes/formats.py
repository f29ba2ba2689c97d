"""What can be read: file formats, and published data sets."""

from fastapi import APIRouter

from einthoven.workflows.catalogue import FormatView, LayoutView

router = APIRouter(tags=["formats"])


@router.get("/formats")
def formats() -> list[FormatView]:
    from einthoven.workflows import catalogue

    return catalogue.formats()


@router.get("/layouts")
def layouts() -> list[LayoutView]:
    from einthoven.workflows import catalogue

    return catalogue.layouts()
