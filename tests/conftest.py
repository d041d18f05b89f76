"""What holds for the whole suite: how Hypothesis draws, and how much is tried."""

from hypothesis import HealthCheck, settings

from tests.support.effort import ALL, FACTOR

# The time that an example takes says how busy the machine is, and no test may fail for that.
EVERY = settings(
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.large_base_example,
        # Examples of one test share its folder and its server. Each writes over the last one.
        HealthCheck.function_scoped_fixture,
    ],
    print_blob=True,
)
# The same examples each time, so that a red test is red for everybody.
settings.register_profile("same", EVERY, derandomize=True, database=None)
# New examples each time, and more of them.
settings.register_profile("all", EVERY, max_examples=100 * FACTOR)
settings.load_profile("all" if ALL else "same")
