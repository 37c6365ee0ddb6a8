"""What a system's servers are asked stands in the title of its pane, and changes as time passes."""

from __future__ import annotations

from tests.screens import fleet
from tests.screens.app.steering import driving


async def test_the_title_of_a_pane_tells_the_requests_a_second_of_its_instance() -> None:
    async with driving() as driver:
        await driver.order("boats")
        spent = driver.app.desk.kernel.spending(fleet.INSTANCE)
        spent.count(300)
        assert "requests/s" not in driver.text(), "the first looks at everything are no rate"
        await driver.clock.advance(20)

        def told() -> bool:  # asked once a round, in which the clock moves on by 0.3 s: the title may need many
            spent.count(2)
            return " requests/s" in driver.text()

        await driver.until(told, "the rate in the title")
        [line] = [line for line in driver.text().splitlines() if " requests/s" in line]
        assert line.startswith(" boats ("), line
        assert 1.0 <= float(line.partition(" requests/s")[0].split()[-1]) <= 16.0, line
        await driver.until(lambda: "requests/s" not in driver.text(), "nothing is asked any more, and nothing is told")
