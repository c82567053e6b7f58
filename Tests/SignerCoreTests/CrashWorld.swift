import NodeDomain
import SignerCore
import TestSupport

/// A signer, its disk, and an adversary that asks, cuts the power, and keeps every signature it was given.
struct CrashWorld {
    /// How a signer answers that is wrong on purpose.
    enum Mutant: CaseIterable { case none, answersBeforeRecord }

    private(set) var chance: SplitMix
    private var disk: SimulatedDisk
    private var key: ConsensusKey?
    private let mutant: Mutant
    private var given: [SigningPoint: [UInt8]] = [:]
    /// Two signatures at one place, or one before another.
    private(set) var doubles = 0
    /// Times that the signer refused to start.
    private(set) var refusedStarts = 0
    private(set) var answers = 0
    private(set) var crashes = 0
    private var height: UInt64 = 1

    init(seed: UInt64, flaw: SimulatedDisk.Flaw = .none, mutant: Mutant = .none) {
        chance = SplitMix(seed: seed)
        disk = SimulatedDisk()
        self.mutant = mutant
        for step in RecordStore.steps(storing: SigningRecord(newKey: Given.key)) { try? disk.perform(step) }
        var flawed = SimulatedDisk(flaw)
        for step in RecordStore.steps(storing: SigningRecord(newKey: Given.key)) { try? flawed.perform(step) }
        if flaw != .none { disk = flawed }
        start()
    }

    /// So many requests, with a crash now and then.
    mutating func run(requests: Int) {
        for _ in 0..<requests where refusedStarts == 0 { ask() }
    }

    /// One request; the power goes after so many of its steps: nil: chance decides.
    mutating func ask(_ request: SigningRequest? = nil, crashAfter steps: Int? = nil) {
        guard key != nil else { return }
        let crashes = steps != nil || chance.below(4) == 0
        // Four steps: 4 is after the last one, and before the answer.
        if crashes { disk.stepsLeft = steps ?? chance.below(5) }
        let request = request ?? someRequest()
        let signature = answer(to: request)
        if crashes {
            // After the last step it is chance whether the answer has left.
            if let signature, chance.below(2) == 0 { note(request, signature) }
            crash()
        } else if let signature {
            note(request, signature)
        }
    }

    private mutating func someRequest() -> SigningRequest {
        // Near the last one, so that what was signed is asked for again and again.
        let near = height &+ UInt64(chance.below(3))
        let step = SigningStep(rawValue: UInt8(1 + chance.below(3))) ?? .proposal
        return Given.request(
            max(1, near &- 1), UInt32(chance.below(2)), step, block: UInt64(chance.below(3)))
    }

    private mutating func answer(to request: SigningRequest) -> [UInt8]? {
        guard var key else { return nil }
        defer { self.key = key }
        var actions = key.handle(.request(request))
        var early: [UInt8]?
        while let action = actions.first {
            switch action {
            case .sign(let bytes):
                let signature = Given.signature(of: bytes)
                if mutant == .answersBeforeRecord { early = signature }
                actions = key.handle(.signed(signature))
            case .store(let steps):
                do {
                    for step in steps { try disk.perform(step) }
                    actions = key.handle(.stored)
                } catch {
                    actions = key.handle(.storeFailed("no power"))
                }
            case .answer(let signature): return signature
            case .refuse: return early
            }
        }
        return early
    }

    private mutating func note(_ request: SigningRequest, _ signature: [UInt8]) {
        answers += 1
        height = max(height, request.point.height)
        if let before = given[request.point], before != signature { doubles += 1 }
        given[request.point] = signature
    }

    private mutating func crash() {
        crashes += 1
        disk.crash(&chance)
        start()
    }

    private mutating func start() {
        let bytes = disk.read(RecordStore.file(of: Given.key))
        if let record = try? RecordStore.record(of: Given.key, from: bytes) {
            key = ConsensusKey(record)
        } else {
            key = nil
            refusedStarts += 1
        }
    }
}
