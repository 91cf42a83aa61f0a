// Where a way leads that ends here.
import { Link } from '../router.jsx';

export const Elsewhere = ({ title }) => <p class="state">{title} is a page of the studio's application, and not a part of this example.</p>;

export const Unknown = () => <p class="state">There is no such page, or it is not yours. <Link to="/">To the first page</Link></p>;
