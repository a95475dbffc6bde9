"""The epoch commit protocol: embed, stage, verify, commit, take back."""
