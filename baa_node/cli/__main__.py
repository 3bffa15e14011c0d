"""``python -m baa_node.cli``."""

from baa_node.cli import main

main()
