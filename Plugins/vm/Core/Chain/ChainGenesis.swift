package import NodeDomain

extension ChainRules {
    /// The state before the first block: `changes` are all its records.
    ///
    /// - Throws: `ChainRefusal.network` when the accounts hold more than fits beside all that is ever minted.
    package func genesis(accounts: [Address: Account]) throws -> LedgerState {
        var state = LedgerState()
        var pot = PotRecord(beacon: firstBeacon)
        pot.time = parameters.genesisTime
        for account in accounts.values {
            let (sum, over) = pot.genesis.addingReportingOverflow(account.balance)
            guard !over, sum <= UInt64.max - Issuance.subsidy else {
                throw ChainRefusal.network("its accounts hold more than 2^64 smidge with all that is minted")
            }
            pot.genesis = sum
        }
        for (address, account) in accounts {
            state.accounts.load(address, nil)
            try state.accounts.set(address, account)
        }
        for member in committee {
            state.operators.load(member.operator, nil)
            try state.operators.set(member.operator, OperatorRecord(vrfKey: member.vrfKey, votes: true))
        }
        var epoch = EpochRecord(challenge: firstChallenge)
        epoch.startTime = parameters.genesisTime
        state.epochs.load(0, nil)
        try state.epochs.set(0, epoch)
        state.frozen.load(0, nil)
        try state.frozen.set(0, FrozenRecord(voters: []))
        for term: UInt32 in [0, 1] {
            let members = draw(term: term, beacon: pot.beacon, epoch: 0, voters: [])
            state.seats.load(term, nil)
            try state.seats.set(term, SeatsRecord(epoch: 0, members: members))
            if term == 0 { pot.presence = [UInt32](repeating: 0, count: members.count) }
        }
        state.pot.load(.only, nil)
        try state.pot.set(.only, pot)
        return state
    }
}
