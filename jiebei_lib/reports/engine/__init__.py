"""The warm engine of papermill. It imports nothing of ours, so that one move would make it a package of its own."""
