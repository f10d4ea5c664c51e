"""The planted truth: the files of ``data/truth``, which only the stage `score` reads.

member_causes
    One row for each exit in the window, and one for each member who has not left at its end.
churn_without
    One row for each member: the chance to have left by the end of the window, as it was and without each
    cause.
stay_without
    Expected member-weeks and exits by weeks since joining, as it was and with the whole hazard of one cause
    gone.
action_efficacy
    One row for each action and cause: what the action does to the cause's hazard.
touch_effects
    One row for each contact with a member still there: what it did to the chance to leave.
decision_state, option_gains, returns
    The last day: where each member stands, what each action and channel would gain, who of the leavers would come back.
world.json
    Parameters (with the changes that were planted), mechanism, programme as calibrated, and the planted facts in plain words.

In the world with a seventh cause, ``hidden`` stands beside the six in all of these.
"""
