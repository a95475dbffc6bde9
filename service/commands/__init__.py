"""The commands of `holdfast`, one file each; a command parses, calls, and prints."""
