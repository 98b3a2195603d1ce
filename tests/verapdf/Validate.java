import java.io.FileInputStream;
import java.io.InputStream;
import java.util.logging.LogManager;

import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.PDFAParser;
import org.verapdf.pdfa.PDFAValidator;
import org.verapdf.pdfa.results.TestAssertion;
import org.verapdf.pdfa.results.ValidationResult;

/** Says of each file named which PDF/A it claims to be and whether it is; then, indented, each rule that it breaks. */
public final class Validate {
    public static void main(String[] names) throws Exception {
        LogManager.getLogManager().reset();
        VeraGreenfieldFoundryProvider.initialise();
        for (String name : names) {
            try (InputStream file = new FileInputStream(name);
                    PDFAParser parser = Foundries.defaultInstance().createParser(file);
                    PDFAValidator validator = Foundries.defaultInstance().createValidator(parser.getFlavour(), false)) {
                ValidationResult result = validator.validate(parser);
                System.out.println(name + "\t" + parser.getFlavour() + "\t" + result.isCompliant());
                for (TestAssertion broken : result.getTestAssertions()) {
                    System.out.println("    " + broken.getRuleId().getClause() + " " + broken.getMessage());
                }
            }
        }
    }
}
