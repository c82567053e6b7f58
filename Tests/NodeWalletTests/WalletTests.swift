import Foundation
import NodeCrypto
import NodeDomain
import NodeWallet
import Testing

@Suite("Words and keys")
struct WalletTests {
    private func hex(_ secret: SecretBytes) -> String { secret.withBytes { Hexadecimal.text(of: Array($0)) } }

    /// From BIP-39's own vectors, with the passphrase TREZOR.
    @Test("words of BIP-39 and their seed")
    func bip39() throws {
        let none = try #require(Mnemonic(entropy: [UInt8](repeating: 0, count: 16)))
        #expect(none.words.joined(separator: " ") == String(repeating: "abandon ", count: 11) + "about")
        #expect(
            hex(none.seed(passphrase: "TREZOR"))
                == "c55257c360c07c72029aebc1b53c05ed0362ada38ead3e3e9efa3708e53495531f09a6987599d18264c1e1c92f2cf141630c7a3c4ab7c81b2f001698e7463b04"
        )
        let most = try #require(Mnemonic(entropy: [UInt8](repeating: 255, count: 32)))
        #expect(most.words.joined(separator: " ") == String(repeating: "zoo ", count: 23) + "vote")
    }

    /// SLIP-10's own vector 1 for ed25519.
    @Test("keys of SLIP-10")
    func slip10() throws {
        var bytes = try #require(Hexadecimal.bytes(of: "000102030405060708090a0b0c0d0e0f"))
        let seed = SecretBytes(taking: &bytes)
        #expect(
            AccountKey.derive(seed: seed, path: [])?.description
                == "2b4be7f19ee27bbf30c667b642d5f4aa69fd169872f8fc3059c08ebae2eb19e7")
        let deep = AccountKey.derive(seed: seed, path: [0, 1, 2, 2, 1_000_000_000])
        #expect(deep?.description == "8f94d394a8e8fd6b1bc2f3f49f5c47e385281d5c17e65324b0f62483e37e8793")
        #expect(AccountKey.derive(seed: seed, path: [1 << 31]) == nil)
    }

    @Test("new words are read again, and differ each time")
    func new() throws {
        for count in Mnemonic.counts {
            let words = try #require(Mnemonic(newWords: count)).words
            #expect(words.count == count)
            #expect(try Mnemonic(text: words.joined(separator: "\n  ").uppercased()).words == words)
            #expect(Mnemonic(newWords: count)?.words != words)
        }
        #expect(Mnemonic(newWords: 13) == nil && Mnemonic(entropy: [1, 2, 3]) == nil)
    }

    @Test("words that stand for nothing, each with its reason")
    func faults() {
        func fault(_ text: String) -> MnemonicFault? {
            do {
                _ = try Mnemonic(text: text)
                return nil
            } catch { return error }
        }
        let good = String(repeating: "abandon ", count: 11) + "about"
        #expect(fault(good) == nil)
        #expect(fault("abandon") == .count(1))
        #expect(fault(good.replacing("about", with: "abuot")) == .unknown("abuot", place: 12))
        #expect(fault(good.replacing("about", with: "above")) == .checksum)
    }

    @Test(
        "a thousand seeds, words and keys as Python's mnemonic and slip10 make them",
        .enabled(
            if: Oracle.python != nil, "mnemonic and slip10 are not in .build/venv: scripts/bootstrap --test"))
    func oracle() throws {
        let script = """
            import hashlib
            from mnemonic import Mnemonic
            from slip10 import SLIP10
            words = Mnemonic("english")
            for number in range(1000):
                entropy = hashlib.shake_256(b"%d" % number).digest((16, 20, 24, 28, 32)[number % 5])
                text = words.to_mnemonic(entropy)
                seed = Mnemonic.to_seed(text, "" if number % 3 else "pass\\u00e9 %d" % number)
                key = SLIP10.from_seed(seed, curve_name="ed25519").get_privkey_from_path([44 + 2**31, 540 + 2**31, 2**31, 2**31, number + 2**31])
                print(entropy.hex(), text, seed.hex(), key.hex(), sep=";")
            """
        let python = try #require(Oracle.python)
        let lines = try Oracle.run(python, script)
        #expect(lines.count == 1000)
        for (number, line) in lines.enumerated() {
            let parts = line.split(separator: ";").map(String.init)
            let words = try #require(Hexadecimal.bytes(of: parts[0]).flatMap { Mnemonic(entropy: $0) })
            #expect(words.words.joined(separator: " ") == parts[1])
            let seed = words.seed(passphrase: number % 3 == 0 ? "passé \(number)" : "")
            #expect(hex(seed) == parts[2])
            #expect(AccountKey.secret(seed: seed, account: UInt32(number))?.description == parts[3])
        }
    }

    @Test("what is sealed opens with its password alone, and as a whole")
    func box() throws {
        func secret(_ text: String) -> SecretBytes {
            var bytes = Array(text.utf8)
            return SecretBytes(taking: &bytes)
        }
        let cost = try #require(PasswordBox.Cost(passes: 1, memory: 8192))
        let (salt, nonce) = (Secrets.random(PasswordBox.saltBytes), Secrets.random(PasswordBox.nonceBytes))
        let sealed = try #require(
            PasswordBox.seal(
                secret("words"), password: secret("right"), salt: salt, nonce: nonce, label: [1], cost: cost))
        func opened(_ sealed: [UInt8], _ password: String, label: [UInt8] = [1]) -> String? {
            PasswordBox.open(
                sealed, password: secret(password), salt: salt, nonce: nonce, label: label, cost: cost
            )?.withBytes { String(decoding: $0, as: UTF8.self) }
        }
        #expect(opened(sealed, "right") == "words")
        #expect(opened(sealed, "wrong") == nil && opened(sealed, "right", label: [2]) == nil)
        for place in sealed.indices {
            var other = sealed
            other[place] ^= 1
            #expect(opened(other, "right") == nil)
        }
        #expect(opened([], "right") == nil && opened(Array(sealed.dropLast()), "right") == nil)
        #expect(PasswordBox.Cost(passes: 0, memory: 8192) == nil)
        #expect(PasswordBox.Cost(passes: 1, memory: 1 << 40) == nil)
    }
}

/// Python with the packages that the tests need.
enum Oracle {
    static let python: String? = {
        let own = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "../../.build/venv/bin/python3"
        ).path
        return [own, "/usr/bin/python3"].first {
            FileManager.default.isExecutableFile(atPath: $0)
                && (try? run($0, "import mnemonic, slip10")) != nil
        }
    }()

    struct Failed: Error {}

    static func run(_ python: String, _ script: String) throws -> [String] {
        let process = Process()
        process.executableURL = URL(filePath: python)
        process.arguments = ["-c", script]
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        let text = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failed() }
        return String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}
