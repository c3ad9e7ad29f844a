"""Tables scored part by part, here or on a cluster: workers read and write for themselves, wherever fsspec reaches."""
