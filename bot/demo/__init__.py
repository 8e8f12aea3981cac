"""The self-contained demonstration: invented sample feeds and a loopback server for them."""
