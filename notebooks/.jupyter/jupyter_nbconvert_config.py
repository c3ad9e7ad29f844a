"""A page made of a notebook (`JUPYTER_CONFIG_PATH=notebooks/.jupyter jupyter nbconvert --execute --to html …`) shows panels as they are
without a kernel, with their words and numbers, instead of live views, whose scripts it would ask of another host."""

c = get_config()  # noqa: F821 (Jupyter puts it here)
c.NbConvertBase.display_data_priority = [
    "text/html",
    "text/markdown",
    "image/svg+xml",
    "image/png",
    "text/latex",
    "text/plain",
]
