"""What `make lab` saves: panels as pages with their pictures, so that a notebook reads the same when it is opened again."""

from jiebei_lib.show.widget.saved import without_views

c = get_config()  # noqa: F821 (Jupyter puts it here)
c.ContentsManager.pre_save_hook = without_views
