internal import BusWire
internal import CBusProtocol

/// A HELLO that passed its own checks.
private struct Greeting {
    var session = Session()
    var instance: UInt64 = 0
}

/// Why a HELLO is refused.
private struct HelloFault: Error {
    let status: BusStatus
    let text: String
    var permanent = true
    var contract: UInt32 = 0
    var offered: (UInt32, UInt32) = (0, 0)
    var needed: (UInt32, UInt32) = (0, 0)
}

extension RouterCore {
    /// Begins a session, or refuses it with the reason and the cure.
    mutating func hello(
        _ payload: UnsafeRawBufferPointer, from peer: UInt32, identity: PeerIdentity,
        random: (UInt64, UInt64),
        now: UInt64
    ) {
        guard let message = arena.decode(payload, { spacenode__bus__v1__hello__unpack($0, $1, $2) }) else {
            return reject(peer, .badFrame, "HELLO cannot be read: see bus.proto", permanent: true)
        }
        do {
            var greeting = try greeting(message.pointee, identity: identity)
            let earlier = instances[greeting.instance]
            try checkContracts(greeting.session, except: earlier)
            try checkKeys(greeting.session, except: earlier)
            try checkRoom(greeting.session, except: earlier)
            if let earlier { supersede(earlier, by: peer, now) }
            if let stale = controlPeers[peer] { endSession(stale, now) }
            let (epoch, number) = takeEpoch()
            greeting.session.epoch = epoch
            greeting.session.number = number
            greeting.session.controlPeer = peer
            greeting.session.began = now
            greeting.session.heard = now
            greeting.session.pinged = now
            greeting.session.identity.attachToken = tokenBytes(random)
            welcome(store(greeting.session))
        } catch {
            reject(
                peer, error.status, error.text, permanent: error.permanent, contract: error.contract,
                offered: error.offered, needed: error.needed)
        }
    }

    /// The old session of an instance is over; another connection is told so.
    private mutating func supersede(_ earlier: Int32, by peer: UInt32, _ now: UInt64) {
        if sessions[Int(earlier)].controlPeer != peer {
            reject(
                session: earlier, .superseded,
                "another process said HELLO with this name: the newest session wins; start one only, or give each its own --name",
                permanent: true)
        }
        endSession(earlier, now)
    }

    private func tokenBytes(_ random: (UInt64, UInt64)) -> [UInt8] {
        withUnsafeBytes(of: random.0) { Array($0) } + withUnsafeBytes(of: random.1) { Array($0) }
    }

    private mutating func store(_ session: Session) -> Int32 {
        let place: Int
        if let free = sessions.firstIndex(where: { $0.state == .free }) {
            place = free
            sessions[free] = session
        } else {
            place = sessions.count
            sessions.append(session)
        }
        instances[session.instance] = Int32(place)
        controlPeers[session.controlPeer] = Int32(place)
        for contract in session.identity.provides {
            providers[contract.number, default: []].append(Int32(place))
        }
        return Int32(place)
    }

    private mutating func welcome(_ place: Int32) {
        let session = sessions[Int(place)]
        var chosen = session.identity.requires.map { required -> Spacenode__Bus__V1__ContractRange in
            var range = Spacenode__Bus__V1__ContractRange()
            spacenode__bus__v1__contract_range__init(&range)
            let minor = chosenMinor(required)
            range.contract = required.number
            range.minor_min = minor
            range.minor_max = minor
            range.schema = required.schema
            return range
        }
        var windows = (0..<CreditClass.count).map { index -> Spacenode__Bus__V1__Window in
            var window = Spacenode__Bus__V1__Window()
            spacenode__bus__v1__window__init(&window)
            window.traffic_class = UInt32(index + 2)
            window.bytes = session[credit: index].inWindow.bytes
            window.messages = session[credit: index].inWindow.messages
            return window
        }
        chosen.withUnsafeMutableBufferPointer { chosen in
            windows.withUnsafeMutableBufferPointer { windows in
                withPointers(chosen) { chosenPointers in
                    withPointers(windows) { windowPointers in
                        sendWelcome(place, session, chosenPointers, windowPointers)
                    }
                }
            }
        }
        outbox.audit(
            .info, "session \(session.epoch) of role \(registry.roleName(session.role))",
            session: session.name)
    }

    private mutating func sendWelcome(
        _ place: Int32, _ session: Session,
        _ chosen: UnsafeMutableBufferPointer<UnsafeMutablePointer<Spacenode__Bus__V1__ContractRange>?>,
        _ windows: UnsafeMutableBufferPointer<UnsafeMutablePointer<Spacenode__Bus__V1__Window>?>
    ) {
        withBinary(session.identity.attachToken) {
            var welcome = Spacenode__Bus__V1__Welcome()
            spacenode__bus__v1__welcome__init(&welcome)
            welcome.session = session.number
            welcome.epoch = session.epoch
            welcome.router_epoch = routerEpoch
            welcome.instance = session.instance
            welcome.n_chosen = chosen.count
            welcome.chosen = chosen.baseAddress
            welcome.heartbeat_ms = UInt32(limits.heartbeatMilliseconds)
            welcome.n_windows = windows.count
            welcome.windows = windows.baseAddress
            welcome.max_frame = UInt32(limits.maxFrame[CreditClass.bulk])
            welcome.attach_token = $0
            welcome.max_topics = UInt32(limits.maxTopicsPerSession)
            send(.welcome, &welcome, to: place)
        }
    }

    private func chosenMinor(_ required: OfferedContract) -> UInt32 {
        for place in providers[required.number] ?? [] {
            for offered in sessions[Int(place)].identity.provides where offered.number == required.number {
                if let minor = offered.common(with: required) { return minor }
            }
        }
        return required.minorMax
    }

    // MARK: - Checks

    private func greeting(
        _ hello: Spacenode__Bus__V1__Hello, identity: PeerIdentity
    ) throws(HelloFault) -> Greeting {
        let name = hello.name.array
        guard (1...48).contains(name.count), name.allSatisfy(isNameByte) else {
            throw HelloFault(status: .badFrame, text: "name must be 1 to 48 of a-z, 0-9, '.', '-'")
        }
        guard hello.bus_minor_min == 0 else {
            throw HelloFault(
                status: .version,
                text:
                    "this plugin needs bus minor \(hello.bus_minor_min) or newer, the router speaks 0: update the router",
                contract: 1, offered: (hello.bus_minor_min, hello.bus_minor_max))
        }
        guard registry.roleNames[hello.role] != nil, hello.role > 1, hello.role < 63 else {
            throw HelloFault(
                status: .forbidden, text: "role \(hello.role) is not known: name it in config/router.yaml")
        }
        try authenticate(hello, identity)
        var session = Session()
        session.state = .starting
        session.role = hello.role
        session.roleBit = 1 << UInt64(hello.role)
        session.identity.isCurve = identity.isCurve
        session.identity.curveInstance = identity.curveInstance
        session.identity.name = name
        session.identity.build = Array(hello.build.array.prefix(64))
        session.identity.provides = try contracts(hello.provides, hello.n_provides)
        session.identity.requires = try contracts(hello.requires, hello.n_requires)
        session.identity.heldKeys = try heldKeys(hello)
        try setWindows(&session, hello)
        session.instance =
            identity.isCurve ? identity.curveInstance : localInstance(role: hello.role, name: name)
        return Greeting(session: session, instance: session.instance)
    }

    /// FNV-1a of role and name: the same after every start, and never 0 or the router's own.
    private func localInstance(role: UInt32, name: [UInt8]) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in [UInt8(truncatingIfNeeded: role)] + name {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
        }
        return hash | 1 << 63
    }

    private func authenticate(
        _ hello: Spacenode__Bus__V1__Hello, _ identity: PeerIdentity
    ) throws(HelloFault) {
        let role = registry.roleName(hello.role)
        if identity.isCurve {
            guard identity.curveRole == hello.role else {
                let listed = registry.roleName(identity.curveRole)
                throw HelloFault(
                    status: .unauthorized,
                    text:
                        "this key is listed for role \(listed), not \(role): spacenode machine allow NAME --role \(role) --key …"
                )
            }
            return
        }
        guard let expected = tokens[hello.role], isSame(expected, hello.token.bytes) else {
            throw HelloFault(
                status: .unauthorized,
                text:
                    "the token is not that of role \(role): give the 32 bytes of tokens/\(role) in the router's run directory"
            )
        }
    }

    /// Compares in the same time wherever the difference stands.
    private func isSame(_ expected: [UInt8], _ given: UnsafeRawBufferPointer) -> Bool {
        guard expected.count == given.count, !expected.isEmpty else { return false }
        var difference: UInt8 = 0
        for index in expected.indices { difference |= expected[index] ^ given[index] }
        return difference == 0
    }

    private func contracts(
        _ list: UnsafeMutablePointer<UnsafeMutablePointer<Spacenode__Bus__V1__ContractRange>?>?, _ count: Int
    ) throws(HelloFault) -> [OfferedContract] {
        guard count <= 64 else {
            throw HelloFault(status: .limit, text: "HELLO names \(count) contracts, at most 64 are allowed")
        }
        var result: [OfferedContract] = []
        for index in 0..<count {
            guard let range = list?[index]?.pointee else { continue }
            guard registry.contracts[range.contract] != nil else {
                throw HelloFault(
                    status: .unknownType,
                    text: "contract \(range.contract) is not known: name it in config/router.yaml",
                    contract: range.contract)
            }
            result.append(
                OfferedContract(
                    number: range.contract, minorMin: range.minor_min, minorMax: range.minor_max,
                    schema: range.schema))
        }
        return result
    }

    private func heldKeys(_ hello: Spacenode__Bus__V1__Hello) throws(HelloFault) -> [[UInt8]] {
        guard hello.n_held_keys <= limits.maxHeldKeys else {
            throw HelloFault(
                status: .limit,
                text: "HELLO lists \(hello.n_held_keys) keys, at most \(limits.maxHeldKeys) are allowed")
        }
        return (0..<hello.n_held_keys).map { Array(hello.held_keys[$0].array.prefix(64)) }
    }

    private func setWindows(_ session: inout Session, _ hello: Spacenode__Bus__V1__Hello) throws(HelloFault) {
        session.maxFrame = hello.max_frame == 0 ? limits.maxFrame[CreditClass.bulk] : Int(hello.max_frame)
        for index in 0..<CreditClass.count {
            session[credit: index].outWindow = limits.windows[index]
            session[credit: index].inWindow = limits.windows[index]
        }
        for position in 0..<hello.n_windows {
            guard let window = hello.windows[position]?.pointee,
                let index = CreditClass.index(window.traffic_class)
            else {
                throw HelloFault(
                    status: .badFrame, text: "a window's traffic_class must be URGENT, NORMAL or BULK")
            }
            session[credit: index].outWindow = CreditWindow(
                bytes: min(window.bytes, 1 << 30), messages: min(window.messages, 8000))
        }
        for index in 0..<CreditClass.count {
            let window = session[credit: index].outWindow
            let needed = UInt64(2 * min(session.maxFrame, limits.maxFrame[index]))
            guard window.bytes >= needed, window.messages >= 2 else {
                throw HelloFault(
                    status: .badFrame,
                    text:
                        "window of class \(index + 2) is \(window.bytes) bytes, \(window.messages) messages: it must hold two of the largest frames, \(needed) bytes"
                )
            }
            session[credit: index].outAllowedBytes = window.bytes
            session[credit: index].outAllowedMessages = window.messages
            session[credit: index].inAllowedBytes = session[credit: index].inWindow.bytes
            session[credit: index].inAllowedMessages = session[credit: index].inWindow.messages
            // What waits for credit may fill one more window.
            session.windowBytes += 2 * window.bytes + session[credit: index].inWindow.bytes
        }
    }

    private func checkContracts(_ session: Session, except earlier: Int32?) throws(HelloFault) {
        for offered in session.identity.provides {
            let rule = registry.contracts[offered.number]
            guard let rule, rule.providers & session.roleBit != 0 else {
                throw HelloFault(
                    status: .forbidden,
                    text:
                        "role \(registry.roleName(session.role)) may not provide contract \(offered.number)",
                    contract: offered.number)
            }
            if offered.minorMax == rule.minor, offered.schema != 0, offered.schema != rule.schema {
                throw schemaFault(offered.number, offered.minorMax)
            }
        }
        for place in sessions.indices where sessions[place].state != .free && Int32(place) != earlier {
            let other = sessions[place]
            try compare(
                offered: other.identity.provides, needed: session.identity.requires, who: other.name,
                isOurs: false)
            try compare(
                offered: session.identity.provides, needed: other.identity.requires, who: other.name,
                isOurs: true)
        }
    }

    private func compare(
        offered: [OfferedContract], needed: [OfferedContract], who: String, isOurs: Bool
    ) throws(HelloFault) {
        for need in needed {
            for offer in offered where offer.number == need.number {
                if offer.contradicts(need) { throw schemaFault(need.number, need.minorMax) }
                guard offer.common(with: need) == nil else { continue }
                let text =
                    isOurs
                    ? "contract \(need.number): you offer minor \(offer.minorMin) to \(offer.minorMax), \(who) needs \(need.minorMin) to \(need.minorMax): update this plugin"
                    : "contract \(need.number): you need minor \(need.minorMin) to \(need.minorMax), \(who) offers \(offer.minorMin) to \(offer.minorMax): update the older of the two"
                throw HelloFault(
                    status: .version, text: text, contract: need.number,
                    offered: (offer.minorMin, offer.minorMax),
                    needed: (need.minorMin, need.minorMax))
            }
        }
    }

    private func schemaFault(_ contract: UInt32, _ minor: UInt32) -> HelloFault {
        HelloFault(
            status: .schema,
            text:
                "contract \(contract) minor \(minor) has two definitions: build both sides from the same Protos/",
            contract: contract)
    }

    private func checkKeys(_ session: Session, except earlier: Int32?) throws(HelloFault) {
        guard !session.identity.heldKeys.isEmpty else { return }
        for place in sessions.indices where sessions[place].state != .free && Int32(place) != earlier {
            for key in session.identity.heldKeys where sessions[place].identity.heldKeys.contains(key) {
                let start = key.prefix(4).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
                throw HelloFault(
                    status: .keyHeld,
                    text:
                        "key \(start)…, which \(session.name) lists, is held by \(sessions[place].name): stop that holder first, one key may have one only"
                )
            }
        }
    }

    private func checkRoom(_ session: Session, except earlier: Int32?) throws(HelloFault) {
        var sum = session.windowBytes
        var count = 1
        for place in sessions.indices where sessions[place].state != .free && Int32(place) != earlier {
            sum += sessions[place].windowBytes
            count += 1
        }
        guard count <= limits.maxSessions else {
            throw HelloFault(
                status: .limit,
                text: "\(limits.maxSessions) sessions are open: raise max_sessions in config/router.yaml",
                permanent: false)
        }
        guard sum <= limits.maxWindowBytes else {
            throw HelloFault(
                status: .limit,
                text:
                    "windows would sum up to \(sum) bytes, the limit is \(limits.maxWindowBytes): ask for smaller ones, or raise max_window_bytes in config/router.yaml",
                permanent: false)
        }
    }
}

/// Runs `body` with an array of pointers to each element, as protobuf-c wants repeated messages.
private func withPointers<M, R>(
    _ elements: UnsafeMutableBufferPointer<M>,
    _ body: (UnsafeMutableBufferPointer<UnsafeMutablePointer<M>?>) -> R
) -> R {
    var pointers = elements.indices.map { index in elements.baseAddress.map { $0 + index } }
    return pointers.withUnsafeMutableBufferPointer { body($0) }
}

/// Whether a byte may stand in an instance's name: a-z, 0-9, '-', '.'.
private func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x61...0x7a, 0x30...0x39, 0x2d, 0x2e: true
    default: false
    }
}
