"""What the owner of a collection allows: topics, sources, languages, quotas."""
