"""Pages: `words`, `drawing`, `page`, a folder a question, and `render`, which executes the notebooks.

In a question's folder `sentences` turns results into text and tables, and `charts` turns them into figures;
where a question has several topics, each is a folder with a module a topic.
"""
