"""Whether watch finds the changes that were planted, and what plainer checks would have said."""
