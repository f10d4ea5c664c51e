"""The page `sure`: how sure the answer is, what would change our mind, what each number counts, what words mean."""
