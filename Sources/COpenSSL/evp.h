/*
 * The primitives under tokens, keys and passwords: OpenSSL 3's EVP interface, and what Swift cannot say itself: macros,
 * and parameter lists whose members must outlive the call.
 *
 * All of these give NULL or 0 for whatever the library refuses, and leave no error in the thread's queue: a refused key
 * or signature is an answer here, not an accident, and an error left behind would be read by the next TLS call.
 */
#ifndef GATEHOUSE_EVP_H
#define GATEHOUSE_EVP_H

#include <limits.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

/* SHA-256 of a message, into 32 bytes; 1 or 0. By the functions below EVP, which the library would rather not have called:
 * they work on the stack, while EVP allocates a state for each message, and an API key is hashed with every request. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
static inline int gh_sha256(const unsigned char *message, size_t size, unsigned char *result) {
    SHA256_CTX state;
    return SHA256_Init(&state) == 1 && SHA256_Update(&state, message, size) == 1 && SHA256_Final(result, &state) == 1;
}
#pragma GCC diagnostic pop

/* A public key out of a finished list of parameters; takes the list. */
static inline EVP_PKEY *gh_pkey_from(const char *type, OSSL_PARAM *params) {
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context = params ? EVP_PKEY_CTX_new_from_name(NULL, type, NULL) : NULL;
    if (!context || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) != 1) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(params);
    ERR_clear_error();
    return key;
}

/* An RSA public key: modulus and exponent, big-endian. */
static inline EVP_PKEY *gh_rsa_public(const unsigned char *n, size_t n_size, const unsigned char *e,
                                             size_t e_size) {
    if (n_size > INT_MAX || e_size > INT_MAX) return NULL;
    OSSL_PARAM *params = NULL;
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    BIGNUM *modulus = BN_bin2bn(n, (int)n_size, NULL), *exponent = BN_bin2bn(e, (int)e_size, NULL);
    if (builder && modulus && exponent && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus) &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent))
        params = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY *key = gh_pkey_from("RSA", params);
    OSSL_PARAM_BLD_free(builder);
    BN_free(modulus);
    BN_free(exponent);
    return key;
}

/* A public key on a named curve: the point in its uncompressed form. A point off the curve is refused. */
static inline EVP_PKEY *gh_ec_public(const char *curve, const unsigned char *point, size_t point_size) {
    OSSL_PARAM *params = NULL;
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    if (builder && OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, curve, 0) &&
        OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, point_size))
        params = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY *key = gh_pkey_from("EC", params);
    OSSL_PARAM_BLD_free(builder);
    EVP_PKEY_CTX *context = key ? EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL) : NULL;
    if (key && (!context || EVP_PKEY_public_check(context) != 1)) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    EVP_PKEY_CTX_free(context);
    ERR_clear_error();
    return key;
}

/* An Ed25519 public key of 32 bytes. */
static inline EVP_PKEY *gh_ed25519_public(const unsigned char *bytes, size_t size) {
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, bytes, size);
    ERR_clear_error();
    return key;
}

/* The public key in a PEM text: a certificate's, or one that stands alone (SubjectPublicKeyInfo). Only the
 * first block counts. A passphrase is never asked for. */
static inline EVP_PKEY *gh_pem_public(const unsigned char *text, size_t size, int is_certificate) {
    if (size > INT_MAX) return NULL;
    EVP_PKEY *key = NULL;
    BIO *source = BIO_new_mem_buf(text, (int)size);
    if (source && is_certificate) {
        X509 *certificate = PEM_read_bio_X509(source, NULL, NULL, (void *)"");
        if (certificate) key = X509_get_pubkey(certificate);
        X509_free(certificate);
    } else if (source) {
        key = PEM_read_bio_PUBKEY(source, NULL, NULL, (void *)"");
    }
    BIO_free(source);
    ERR_clear_error();
    return key;
}

/* Whether the signature over the message is this key's. `digest` is NULL for Ed25519; `is_pss` asks for PSS padding with
 * a salt as long as the digest and MGF1 over the same digest (RFC 7518 §3.5). 1 or 0. */
static inline int gh_verify(EVP_PKEY *key, const char *digest, int is_pss, const unsigned char *signature,
                                   size_t signature_size, const unsigned char *message, size_t message_size) {
    int result = 0;
    EVP_PKEY_CTX *settings = NULL;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context && EVP_DigestVerifyInit_ex(context, &settings, digest, NULL, NULL, key, NULL) == 1 &&
        (!is_pss || (EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PSS_PADDING) == 1 &&
                     EVP_PKEY_CTX_set_rsa_pss_saltlen(settings, RSA_PSS_SALTLEN_DIGEST) == 1)))
        result = EVP_DigestVerify(context, signature, signature_size, message, message_size) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return result;
}

/* The signature of a key on P-256 over a message, by SHA-256, as JOSE writes it: two numbers of 32 bytes. 1 or 0. */
static inline int gh_sign_es256(EVP_PKEY *key, const unsigned char *message, size_t message_size,
                                       unsigned char result[64]) {
    unsigned char der[128];
    size_t size = sizeof der;
    ECDSA_SIG *numbers = NULL;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context && EVP_DigestSignInit_ex(context, NULL, "SHA256", NULL, NULL, key, NULL) == 1 &&
        EVP_DigestSign(context, der, &size, message, message_size) == 1) {
        const unsigned char *start = der;
        numbers = d2i_ECDSA_SIG(NULL, &start, (long)size);
    }
    int done = numbers && BN_bn2binpad(ECDSA_SIG_get0_r(numbers), result, 32) == 32 &&
               BN_bn2binpad(ECDSA_SIG_get0_s(numbers), result + 32, 32) == 32;
    ECDSA_SIG_free(numbers);
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return done;
}

/* HMAC state with its key set, to be copied for each message. */
static inline EVP_MAC_CTX *gh_hmac_new(const char *digest, const unsigned char *key, size_t key_size) {
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *context = mac ? EVP_MAC_CTX_new(mac) : NULL;
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)digest, 0),
                           OSSL_PARAM_construct_end()};
    if (context && EVP_MAC_init(context, key, key_size, params) != 1) {
        EVP_MAC_CTX_free(context);
        context = NULL;
    }
    EVP_MAC_free(mac);
    ERR_clear_error();
    return context;
}

/* The HMAC of a message under a state made above, which it leaves as it was; the size of the result, or 0. */
static inline size_t gh_hmac(const EVP_MAC_CTX *keyed, const unsigned char *message, size_t message_size,
                                    unsigned char *result, size_t capacity) {
    size_t size = 0;
    EVP_MAC_CTX *context = EVP_MAC_CTX_dup(keyed);
    if (!context || EVP_MAC_update(context, message, message_size) != 1 ||
        EVP_MAC_final(context, result, &size, capacity) != 1)
        size = 0;
    EVP_MAC_CTX_free(context);
    ERR_clear_error();
    return size;
}

static inline int gh_kdf(const char *name, const OSSL_PARAM *params, unsigned char *result, size_t size) {
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, name, NULL);
    EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    int done = context && EVP_KDF_derive(context, result, size, params) == 1;
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
    ERR_clear_error();
    return done;
}

/* scrypt (RFC 7914) with a bound on its memory in bytes. 1 or 0. */
static inline int gh_scrypt(const unsigned char *password, size_t password_size, const unsigned char *salt,
                                   size_t salt_size, uint64_t n, uint32_t r, uint32_t p, uint64_t memory,
                                   unsigned char *result, size_t size) {
    OSSL_PARAM params[] = {OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PASSWORD, (void *)password, password_size),
                           OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)salt, salt_size),
                           OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &n),
                           OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_R, &r),
                           OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_P, &p),
                           OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &memory),
                           OSSL_PARAM_construct_end()};
    return gh_kdf("SCRYPT", params, result, size);
}

/* PBKDF2 with HMAC over the digest named (RFC 8018). 1 or 0. */
static inline int gh_pbkdf2(const char *digest, const unsigned char *password, size_t password_size,
                                   const unsigned char *salt, size_t salt_size, uint64_t iterations,
                                   unsigned char *result, size_t size) {
    OSSL_PARAM params[] = {OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PASSWORD, (void *)password, password_size),
                           OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)salt, salt_size),
                           OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_ITER, &iterations),
                           OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)digest, 0),
                           OSSL_PARAM_construct_end()};
    return gh_kdf("PBKDF2", params, result, size);
}

#endif
