"""What several questions compute alike: intervals, resamples by member, parallel map."""
