from __future__ import annotations

from tests.bench.start import Measured, Start, table


def measured(checkout: str, *starts: tuple[float, float, float | None]) -> Measured:
    found = [Start(wall_s=wall_s, cpu_s=cpu_s, open_s=open_s) for wall_s, cpu_s, open_s in starts]
    return Measured(roles="intake" if starts[0][2] else "worker", checkout=checkout, starts=found)


def test_a_row_has_the_medians_of_each_checkout() -> None:
    before = measured("/before", (3.0, 2.0, 2.5), (9.0, 8.0, 7.0), (4.0, 3.0, 2.75))
    now = measured("/now", (1.0, 0.5, 1.0), (2.0, 0.75, 1.5), (1.5, 4.0, 1.25))
    assert table([before, now])[-1] == "| intake | 4.00 / 3.00 s, port open after 2.75 s | 1.50 / 0.75 s, port open after 1.25 s |"


def test_one_who_takes_no_images_has_no_port_for_them() -> None:
    assert table([measured("/now", (2.0, 1.0, None))])[-1] == "| worker | 2.00 / 1.00 s |"
