import sys; sys.path.insert(0,'.')
from collections import Counter
import pytest
from tests.property import test_round_machine as m
C=Counter()
orig=m.RoundMachine.teardown
def td(self):
    if hasattr(self,"world"):
        C["lives"]+=1
        for l in self.ledgers:
            for e in l.events: C[e.value]+=1
        C["rev>1"]+= self.model.revision>1
        C["published-any"]+= any(r.state in("published","superseded") for r in self.model.releases.values())
        C["held"]+=sum(d.state=="held" for d in self.model.deliveries.values())
        C["memo"]=len(__import__("tests.support.round_world",fromlist=["x"])._memory)
    orig(self)
m.RoundMachine.teardown=td
import hypothesis
_s=m.settings
def _mk(**k):
    return _s(**{**k,"phases":[hypothesis.Phase.generate]})
m.settings=_mk
def test_x(tmp_path_factory):
    m.test_a_round_holds_under_any_steps(tmp_path_factory)
    print(sorted(C.items()))
