"""causes/member_weeks."""
