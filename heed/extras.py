"""What to install when something needs more than the core of heed."""


def missing_extra(error: ModuleNotFoundError) -> str:
    """Say which package is missing, and how to install it.

    Raises
    ------
    ModuleNotFoundError
        The same error, if the module is heed's own: then heed is broken, and no extra helps.
    """
    module = (error.name or "").partition(".")[0]
    if module in ("", "heed"):
        raise error
    return (
        f"the package `{module}` is not installed; pip install 'heed-decisioning[all]' installs all that heed can use"
    )
