"""Parts of which the pages for reviewers are made: blocks, intervals about zero, lists that can be filtered."""
