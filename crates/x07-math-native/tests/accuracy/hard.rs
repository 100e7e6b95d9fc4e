//! Arguments whose results lie closer to a number, or to the middle between two, than almost any other: what a function
//! must compute exactly to more than twice the precision of a binary64. From the published searches of V. Lefèvre and
//! J.-M. Muller and of the CORE-MATH project.

type Arguments = &'static [(f64, f64)];

const fn one(bits: u64) -> (f64, f64) {
    (f64::from_bits(bits), 0.0)
}

const fn two(a: u64, b: u64) -> (f64, f64) {
    (f64::from_bits(a), f64::from_bits(b))
}

pub(crate) const SIN: Arguments = &[one(0x3f85_98ba_e9e6_32f6), one(0x3ebe_0000_0000_01c2), one(0x3fdf_e767_739d_0f6d)];

pub(crate) const COS: Arguments =
    &[one(0x4003_4ec2_f9fc_9c00), one(0x3f60_6b50_5550_e6b2), one(0x3fe7_cb76_4852_6f99), one(0x3e88_0000_0000_0009)];

pub(crate) const TAN: Arguments = &[
    one(0x3e9d_ffff_ffff_ff1f),
    one(0x3ed6_7fff_ffff_a114),
    one(0x3fa5_0486_b2f8_7014),
    one(0x3fca_33f3_2ac5_ceb5),
    one(0x3fdd_696b_fa98_8db9),
    one(0x3fe4_6ac3_7224_3536),
];

pub(crate) const EXP: Arguments = &[one(0x3e09_e9cb_bfd6_080b), one(0x402a_8ead_058b_c6b8), one(0xbcc0_0000_0000_0001)];

pub(crate) const LOG: Arguments = &[
    one(0x6a56_2a88_6136_29b6),
    one(0x3ffa_6ae5_1423_26b5),
    one(0x4001_e852_e695_1306),
    one(0x4006_cda8_bc1f_5cad),
    one(0x4109_9267_86ab_547f),
    one(0x419b_0c7f_2dd9_c9ff),
    one(0x4247_bcf5_2da0_51f8),
    one(0x42ca_6004_162f_2b8c),
];

pub(crate) const POW: Arguments = &[
    two(0x3fef_ffff_ffff_fffc, 0x3fdf_ffff_ffff_ffff),
    two(0x3fef_ffff_ffff_fffc, 0xbfdf_ffff_ffff_fffd),
    two(0x3fef_ffff_ffff_fff0, 0xbfcf_ffff_ffff_fff6),
    two(0x3fef_ffff_ffff_fff8, 0xbfcf_ffff_ffff_fffb),
];

pub(crate) const ATAN2: Arguments = &[
    two(0x4354_3024_4f0c_1042, 0x432b_d1ce_2a10_f176),
    two(0x43b4_3a26_19d9_e519, 0x4341_4ac1_301a_468d),
    two(0x43c0_5e17_34fb_ebab, 0x4337_b1b2_8e35_0d19),
    two(0x4577_5b29_51e4_f032, 0x433c_29f1_8a1b_bfdd),
    two(0x4324_f21f_2d61_5524, 0x431e_69c7_a14e_90bc),
    two(0x4539_b090_6387_d4d1, 0x433f_9d22_173c_810a),
];
