"""The documents of docs/dpia that are made from the DPIA's answers, the policy and the contract."""
