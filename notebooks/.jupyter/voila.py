"""How `make app` shows the notebooks: one quiet page each, and a page that lists them. Nothing is asked of another host."""

from jiebei_lib.show.widget.gallery import listed

c = get_config()  # noqa: F821 (Jupyter puts it here)
c.VoilaConfiguration.template = "jiebei"
c.VoilaConfiguration.classic_tree = True
c.VoilaConfiguration.page_config_hook = listed
# The widgets, and no other extension of JupyterLab: they are built for another version of it and only warn.
c.VoilaConfiguration.extension_allowlist = [
    "@voila-dashboards/widgets-manager8",
    "@jupyter-widgets/jupyterlab-manager",
    "anywidget",
]
# Only under this machine's own names: a page of another name that leads here (DNS rebinding) is refused, as is a page of another origin.
c.Voila.tornado_settings = {"allow_remote_access": False, "xsrf_cookie_kwargs": {"samesite": "Strict"}}
# A page that was closed keeps its kernel for ten minutes.
c.MappingKernelManager.cull_idle_timeout = 600
c.MappingKernelManager.cull_interval = 60
