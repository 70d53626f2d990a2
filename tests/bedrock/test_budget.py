"""Nothing is spent that was not allowed, in one process or in several."""

import os
import re
import signal
import stat
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest

from mirrorbi.bedrock.batch_budget import BatchBudget, batch_budget_beside
from mirrorbi.bedrock.budget import Budget, dollars
from mirrorbi.bedrock.cost import Estimate
from mirrorbi.bedrock.request import Usage
from mirrorbi.errors import BudgetError, ClaudeError, StoreError
from mirrorbi.settings import ClaudeSettings

D = Decimal


def cost(amount):
    return Estimate(20_000, 4_096, None if amount is None else D(amount))


def spend(budget, most, real):
    budget.settle(budget.reserve(cost(most)), Usage(1000, 100, cost=D(real)))


def test_a_call_that_may_cost_too_much_is_refused():
    with pytest.raises(BudgetError) as caught:
        Budget(call=D("0.10")).reserve(cost("0.1234"))
    assert str(caught.value) == (
        "This call may cost 0.12 USD (20,000 tokens estimated, up to 4,096 to write); the "
        "budget of a call is 0.10 USD. Nothing was sent. Raise budget_call in [claude] of "
        "mirrorbi.toml (MIRRORBI_CLAUDE_BUDGET_CALL), or ask for less."
    )
    assert caught.value.exit_code == 2


def test_a_run_stops_at_its_limit_and_says_what_is_spent():
    budget = Budget(run=D("0.30"))
    spend(budget, "0.12", "0.10")
    spend(budget, "0.12", "0.10")
    with pytest.raises(BudgetError, match=r"and 0\.20 USD of this run are spent.*budget_run"):
        budget.reserve(cost("0.12"))
    budget.reserve(cost("0.10"))
    assert budget.spent == D("0.30")


def test_calls_under_way_count():
    budget = Budget(run=D("0.30"))
    first = budget.reserve(cost("0.20"))
    with pytest.raises(BudgetError):
        budget.reserve(cost("0.20"))
    budget.settle(first, Usage(cost=D("0.01")))
    budget.reserve(cost("0.20"))


def test_a_call_that_was_not_made_costs_nothing():
    budget = Budget(run=D("0.30"))
    budget.settle(budget.reserve(cost("0.20")), Usage())
    assert (budget.spent, budget.calls) == (0, 0)


def test_where_nobody_knows_it_stays_counted():
    budget = Budget(run=D("0.30"))
    budget.settle(budget.reserve(cost("0.20")), None)
    assert (budget.spent, budget.calls) == (D("0.20"), 1)


def test_a_call_is_settled_once():
    budget = Budget()
    held = budget.reserve(cost("0.20"))
    budget.settle(held, Usage())
    with pytest.raises(ClaudeError, match="settled before"):
        budget.settle(held, Usage())


def test_without_prices_a_budget_cannot_be_kept():
    with pytest.raises(BudgetError, match=r"the model has no prices.*input_price"):
        Budget(batch=D(1)).reserve(cost(None))
    free = Budget()
    free.settle(free.reserve(cost(None)), Usage(10, 10, cost=None))
    assert (free.calls, free.usage.input) == (1, 10)


def test_settings_give_the_limits():
    budget = Budget.of(ClaudeSettings(budget_call=D("0.5"), budget_batch=D(9)))
    assert (budget.call, budget.run, budget.batch) == (D("0.5"), None, D(9))


def test_threads_share_a_limit():
    budget = Budget(run=D(1))

    def call(_):
        try:
            spend(budget, "0.10", "0.10")
        except BudgetError:
            return 0
        return 1

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(call, range(40))) == 10
    assert budget.spent == 1


# A batch of several processes ---------------------------------------------------------

SPEND = """
import sys
from decimal import Decimal as D
from pathlib import Path
from mirrorbi.bedrock.budget import Budget
from mirrorbi.bedrock.cost import Estimate
from mirrorbi.bedrock.request import Usage
from mirrorbi.errors import BudgetError
budget = Budget(batch=D("1.00"), batch_budget=Path(sys.argv[1]))
done = 0
for _ in range(40):
    try:
        held = budget.reserve(Estimate(10, 10, D("0.05")))
    except BudgetError as error:
        assert "of this batch are spent" in str(error)
        continue
    budget.settle(held, Usage(10, 10, cost=D("0.02")))
    done += 1
print(done)
"""


def start(code, *args):
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, args)],
        stdout=subprocess.PIPE,
        text=True,
    )


def test_the_processes_of_a_batch_share_one_limit(tmp_path):
    path = tmp_path / "deep" / "batch.json"
    processes = [start(SPEND, path) for _ in range(2)]
    done = [int(process.communicate(timeout=60)[0]) for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    kept = BatchBudget(path).read()
    assert kept.reserved == {}
    assert kept.spent == D("0.02") * sum(done)
    assert D("0.95") < kept.spent <= 1


def test_what_a_killed_process_had_set_aside_stays_counted(tmp_path):
    path = tmp_path / "batch.json"
    process = start(
        """
        import sys
        from decimal import Decimal as D
        from pathlib import Path
        from mirrorbi.bedrock.budget import Budget
        from mirrorbi.bedrock.cost import Estimate
        Budget(batch=D(1), batch_budget=Path(sys.argv[1])).reserve(Estimate(1, 1, D("0.70")))
        print("held", flush=True)
        import time; time.sleep(60)
        """,
        path,
    )
    assert process.stdout.readline() == "held\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    budget = Budget(batch=D(1), batch_budget=path)
    with pytest.raises(BudgetError, match=r"0\.70 USD of this batch are spent"):
        budget.reserve(cost("0.31"))
    budget.reserve(cost("0.30"))


def test_the_environment_names_the_batch(monkeypatch):
    ledger = Path("work/.mirrorbi/ledger")
    monkeypatch.delenv("MIRRORBI_BATCH", raising=False)
    assert batch_budget_beside(ledger) is None
    monkeypatch.setenv("MIRRORBI_BATCH", "monthly-2013.12")
    assert batch_budget_beside(ledger) == Path("work/.mirrorbi/batches/monthly-2013.12.json")
    monkeypatch.setenv("MIRRORBI_BATCH", "../../x")
    with pytest.raises(BudgetError, match="cannot name a batch"):
        batch_budget_beside(ledger)


@pytest.mark.parametrize("text", ["", "{}", '{"spent": "x", "held": {}}', "[1]"])
def test_a_batch_budget_that_cannot_be_read_allows_nothing(tmp_path, text):
    path = tmp_path / "batch.json"
    path.write_text(text)
    with pytest.raises(BudgetError, match="cannot be read"):
        Budget(batch=D(1), batch_budget=path).reserve(cost("0.01"))
    assert path.read_text() == text


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="needs root and POSIX")
def test_a_batch_budget_that_cannot_be_written_allows_nothing(tmp_path):
    folder = tmp_path / "p"
    folder.mkdir()
    (folder / "batch.json").mkdir()
    with pytest.raises((BudgetError, StoreError)):
        Budget(batch=D(1), batch_budget=folder / "batch.json").reserve(cost("0.01"))


# What is shown ------------------------------------------------------------------------


def test_the_gauge_as_text():
    budget = Budget(run=D("0.50"))
    spend(budget, "0.12", "0.069")
    budget.settle(budget.reserve(cost("0.1")), Usage(10, 5, 8000, cost=D("0.01")))
    budget.count_cached()
    assert str(budget) == (
        "Claude: 0.079 of 0.50 USD, 2 calls, 9,010 tokens in, 105 out, "
        "8,000 from the prompt cache, 1 answer kept from before"
    )
    assert str(Budget()) == "Claude: 0.00 USD, 0 calls, 0 tokens in, 0 out"


def test_the_gauge_in_a_notebook(tmp_path):
    budget = Budget(run=D("0.50"), batch=D(2), batch_budget=tmp_path / "batch.json")
    spend(budget, "0.12", "0.10")
    html = budget._repr_html_()
    meters = re.findall(r'aria-label="([^"]+)".*?aria-valuenow="(\d+)"', html)
    assert meters == [("Run: 0.10 of 0.50 USD", "20"), ("Batch: 0.10 of 2.00 USD", "5")]
    assert "<script" not in html
    assert "#" not in html  # no colour of its own
    assert 'role="meter"' not in Budget()._repr_html_()


@pytest.mark.parametrize("limit", ["0", "0.01"])
def test_a_gauge_that_is_full_is_no_wider(limit):
    budget = Budget(run=D(limit))
    budget.settle(budget.reserve(cost("0")), Usage(1, 1, cost=D("3")))
    assert "width:100.0%" in budget._repr_html_()


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0", "0.00"),
        ("1234.5", "1,234.50"),
        ("0.5", "0.50"),
        ("0.0042", "0.0042"),
        ("1E-7", "0.00000010"),
    ],
)
def test_amounts_of_every_size(amount, text):
    assert dollars(D(amount)) == f"{text} USD"


def test_the_batch_budget_says_nothing_of_the_data(tmp_path):
    budget = Budget(batch=D(1), batch_budget=tmp_path / "batch.json")
    spend(budget, "0.12", "0.10")
    assert (tmp_path / "batch.json").read_text() == '{"spent": "0.10", "held": {}}'
    assert {path.name for path in Path(tmp_path).iterdir()} == {"batch.json", "batch.json.lock"}
    assert stat.S_ISREG((tmp_path / "batch.json").stat().st_mode)
