"""What came in: rows, days, codes and consent of each month beside the months before."""
