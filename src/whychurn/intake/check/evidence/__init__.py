"""What the rows of whole tables show: copies, odd days, dates that stand for nothing, ids written in two ways."""
