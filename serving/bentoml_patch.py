"""The one change that heed makes to another package's module: the HTTP protocol that BentoML's workers speak.

BentoML starts uvicorn itself and passes no choice of protocol on. uvicorn's own protocol keeps request headers in
memory however many come and however slowly, before any application is asked. `BoundedProtocol` ends such connections.
``tests/serving/test_bentoml_patch.py`` fails once BentoML lets the protocol be chosen, or uvicorn bounds headers
itself: then this module can go.
"""

from importlib.metadata import version

from uvicorn.config import HTTP_PROTOCOLS

PROTOCOL = "heed.serving.http.header_limits:BoundedProtocol"
BENTOML = "1.4."
UNPATCHED = "uvicorn.protocols.http.auto:AutoHTTPProtocol"


def limit_request_heads() -> None:
    """Make `BoundedProtocol` what uvicorn takes by default in this process.

    Raises
    ------
    RuntimeError
        If BentoML or uvicorn is not as this patch knows it, so that headers might stay unbounded unnoticed.
    """
    if not version("bentoml").startswith(BENTOML):
        raise RuntimeError(f"bentoml {version('bentoml')} is installed; this patch was tested with {BENTOML}x only")
    if HTTP_PROTOCOLS.get("auto") not in (UNPATCHED, PROTOCOL):
        raise RuntimeError(f"uvicorn {version('uvicorn')} chooses its HTTP protocol in a way this patch does not know")
    HTTP_PROTOCOLS["auto"] = PROTOCOL
