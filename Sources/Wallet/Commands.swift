internal import ArgumentParser
internal import Foundation
internal import Glibc
internal import NodeCommand
internal import NodeCrypto
internal import NodeDomain
internal import NodeEncoding
internal import NodeWallet

/// Where the wallet lies, and who may use it.
struct WalletOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: "The wallet.") var file = "wallet.json"
    @Option(help: "File with the password in its first line; it is asked for if this is left out.")
    var passwordFile: String?

    func read() throws -> WalletFile {
        guard let bytes = FileManager.default.contents(atPath: file) else {
            throw CommandFault(
                "\(file) cannot be read: `spacenode wallet new` makes a wallet, --file names another")
        }
        do {
            return try WalletFile(reading: bytes)
        } catch {
            throw CommandFault("\(file): \(error)")
        }
    }

    /// The words.
    func open(_ wallet: WalletFile) throws -> Mnemonic {
        let password = try Prompt.password(file: passwordFile)
        do {
            return try wallet.open(password)
        } catch {
            throw CommandFault("\(file): \(error)")
        }
    }

    /// Writes a new file; one that is there is never written over.
    func create(_ wallet: WalletFile) throws {
        let descriptor = Glibc.open(file, O_WRONLY | O_CREAT | O_EXCL, 0o600)
        guard descriptor >= 0 else {
            throw CommandFault(
                errno == EEXIST
                    ? "\(file) is there already, and is not written over: give another --file"
                    : "\(file) cannot be made: \(String(cString: strerror(errno)))")
        }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        try handle.write(contentsOf: try wallet.bytes())
        try handle.synchronize()
    }

    /// Puts a changed wallet in the place of the one that was read, whole or not at all.
    func replace(_ wallet: WalletFile) throws {
        let beside = "\(file).new"
        try? FileManager.default.removeItem(atPath: beside)
        try WalletOptions.at(beside).create(wallet)
        guard rename(beside, file) == 0 else {
            throw CommandFault("\(file) cannot be written: \(String(cString: strerror(errno)))")
        }
    }

    private static func at(_ file: String) -> WalletOptions {
        var options = WalletOptions()
        options.file = file
        options.passwordFile = nil
        return options
    }
}

/// An account as it is shown.
struct AccountView: Encodable {
    let index: UInt32
    let address, publicKey: String

    init(_ account: WalletFile.Account, hrp: String) throws {
        guard let key = Bytes32(hexadecimal: account.publicKey) else {
            throw CommandFault("account \(account.index) has no public key: the file was changed")
        }
        index = account.index
        publicKey = account.publicKey
        address = WalletAccount(key: key).address.text(prefix: hrp)
    }

    func show(json: Bool) throws {
        if json { try printJSON(self) } else { print("\(index)  \(address)  \(publicKey)") }
    }
}

/// `wallet new`.
struct New: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a wallet with new words, and show them once.")

    @OptionGroup var options: WalletOptions
    @Option(help: "How many words: 12, 15, 18, 21 or 24.") var words = 24
    @Option(help: "What stands before the 1 of addresses.") var hrp = "sm"
    @Flag(help: "Print JSON.") var json = false

    /// What is shown, once.
    private struct Made: Encodable {
        let file, words: String
        let account: AccountView
    }

    func run() throws {
        guard let mnemonic = Mnemonic(newWords: words) else {
            throw CommandFault("--words \(words): 12, 15, 18, 21 or 24")
        }
        let wallet = try WalletFile(
            mnemonic, password: try Prompt.password(file: options.passwordFile, again: true))
        try options.create(wallet)
        let account = try AccountView(wallet.accounts[0], hrp: hrp)
        let text = mnemonic.words.joined(separator: " ")
        if json { return try printJSON(Made(file: options.file, words: text, account: account)) }
        note(
            "Write these words on paper: whoever has them has the accounts, and without them a lost file is lost for good."
        )
        print(text)
        try account.show(json: false)
    }
}

/// `wallet restore`.
struct Restore: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a wallet from its words, typed or from standard input.")

    @OptionGroup var options: WalletOptions
    @Option(help: "What stands before the 1 of addresses.") var hrp = "sm"
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let mnemonic: Mnemonic
        do {
            mnemonic = try Mnemonic(text: try Prompt.words())
        } catch let fault as MnemonicFault {
            throw CommandFault("\(fault)")
        }
        let wallet = try WalletFile(
            mnemonic, password: try Prompt.password(file: options.passwordFile, again: true))
        try options.create(wallet)
        try AccountView(wallet.accounts[0], hrp: hrp).show(json: json)
    }
}

/// `wallet list`.
struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show the accounts; no password is needed.")

    @OptionGroup var options: WalletOptions
    @Option(help: "What stands before the 1 of addresses.") var hrp = "sm"
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let accounts = try options.read().accounts.map { try AccountView($0, hrp: hrp) }
        if json { return try printJSON(accounts) }
        for account in accounts { try account.show(json: false) }
    }
}

/// `wallet address`.
struct AddressOf: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "address", abstract: "Show an account's address; a new account is written into the file."
    )

    @OptionGroup var options: WalletOptions
    @Option(help: "Which account, from 0.") var index: UInt32 = 0
    @Option(help: "What stands before the 1 of addresses.") var hrp = "sm"
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        var wallet = try options.read()
        if !wallet.accounts.contains(where: { $0.index == index }) {
            try wallet.add(index, seed: try options.open(wallet).seed())
            try options.replace(wallet)
        }
        guard let account = wallet.accounts.first(where: { $0.index == index }) else { return }
        try AccountView(account, hrp: hrp).show(json: json)
    }
}
