/// Hashes of "correct horse" that the openssl command made: `openssl kdf -keylen 32 -kdfopt pass:… SCRYPT`, PBKDF2.
enum PasswordTexts {
    static let all = [
        "$scrypt$ln=12,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$nxT5yUcmhFTg_6o1qwf57vRwZhaunnM-rEA0Ksy6waw",
        "$pbkdf2-sha256$i=100000$AAECAwQFBgcICQoLDA0ODw$V_LC8HOXSNUWQZsGKohGZjI8WD6krhZVBKgfe1PGKgk",
    ]
}
