"""How fast, how lean, how true: measured on generated feeds, beside a peer (README.md here)."""
